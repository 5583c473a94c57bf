from .base_options import BaseOptions


class TestOptions(BaseOptions):
    def initialize(self, parser):
        super().initialize(parser)
        parser.add_argument("--results_dir", default="./results/")
        parser.add_argument("--aspect_ratio", type=float, default=1.0)
        parser.add_argument("--phase", default="test")
        parser.add_argument("--eval", action="store_true")
        parser.add_argument("--num_test", type=int, default=50)
        parser.set_defaults(model="test", load_size=parser.get_default("crop_size"))
        return parser
