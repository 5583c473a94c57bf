from .base_options import BaseOptions


class TrainOptions(BaseOptions):
    isTrain = True

    def initialize(self, parser):
        super().initialize(parser)
        for name, default in (
            ("display_freq", 400),
            ("update_html_freq", 1000),
            ("print_freq", 100),
            ("save_latest_freq", 5000),
            ("save_epoch_freq", 5),
            ("epoch_count", 1),
            ("n_epochs", 100),
            ("n_epochs_decay", 100),
            ("pool_size", 50),
            ("lr_decay_iters", 50),
        ):
            parser.add_argument(f"--{name}", type=int, default=default)
        for name, default in (("beta1", 0.5), ("lr", 0.0002), ("lambda_L1", 100.0)):
            parser.add_argument(f"--{name}", type=float, default=default)
        parser.add_argument("--gan_mode", default="lsgan", help="the objective [vanilla| lsgan | wgangp]")
        parser.add_argument("--lr_policy", default="linear", help="the rate [linear | step | plateau | cosine]")
        for name in ("no_html", "save_by_iter", "continue_train"):
            parser.add_argument(f"--{name}", action="store_true")
        parser.add_argument("--phase", default="train")
        return parser
