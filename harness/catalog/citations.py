"""BibTeX of the papers a result must cite: the method's and the datasets'."""

from __future__ import annotations

from dataclasses import dataclass

from harness.catalog.datasets import DATASETS
from harness.catalog.types import Dataset, Model


@dataclass(frozen=True)
class Citation:
    """A paper to cite, with where upstream gives its BibTeX."""

    id: str
    bibtex: str
    source: str


CITATIONS: dict[str, Citation] = {
    citation.id: citation
    for citation in (
        Citation(
            "pix2pix",
            r"""@inproceedings{isola2017image,
  title={Image-to-Image Translation with Conditional Adversarial Networks},
  author={Isola, Phillip and Zhu, Jun-Yan and Zhou, Tinghui and Efros, Alexei A},
  booktitle={Computer Vision and Pattern Recognition (CVPR), 2017 IEEE Conference on},
  year={2017}
}""",
            "README.md:281-286",
        ),
        Citation(
            "cyclegan",
            r"""@inproceedings{CycleGAN2017,
  title={Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks},
  author={Zhu, Jun-Yan and Park, Taesung and Isola, Phillip and Efros, Alexei A},
  booktitle={Computer Vision (ICCV), 2017 IEEE International Conference on},
  year={2017}
}""",
            "README.md:273-278",
        ),
        Citation(
            "facades",
            r"""@inproceedings{Tylecek13,
  author={Tyle{\v c}ek, Radim and {\v S}{\'a}ra, Radim},
  title={Spatial Pattern Templates for Recognition of Objects with Regular Structure},
  booktitle={Proc. GCPR},
  year={2013},
  address={Saarbrucken, Germany}
}""",
            "datasets/bibtex/facades.tex, the authors' names mended",
        ),
        Citation(
            "cityscapes",
            r"""@inproceedings{Cordts2016Cityscapes,
  title={The Cityscapes Dataset for Semantic Urban Scene Understanding},
  author={Cordts, Marius and Omran, Mohamed and Ramos, Sebastian and Rehfeld, Timo and Enzweiler, Markus and
    Benenson, Rodrigo and Franke, Uwe and Roth, Stefan and Schiele, Bernt},
  booktitle={Proc. of the IEEE Conference on Computer Vision and Pattern Recognition (CVPR)},
  year={2016}
}""",
            "datasets/bibtex/cityscapes.tex",
        ),
        Citation(
            "shoes",
            r"""@inproceedings{fine-grained,
  author={A. Yu and K. Grauman},
  title={{F}ine-{G}rained {V}isual {C}omparisons with {L}ocal {L}earning},
  booktitle={Computer Vision and Pattern Recognition (CVPR)},
  month={June},
  year={2014}
}""",
            "datasets/bibtex/shoes.tex",
        ),
        Citation(
            "handbags",
            r"""@inproceedings{zhu2016generative,
  title={Generative Visual Manipulation on the Natural Image Manifold},
  author={Zhu, Jun-Yan and Kr{\"a}henb{\"u}hl, Philipp and Shechtman, Eli and Efros, Alexei A.},
  booktitle={Proceedings of European Conference on Computer Vision (ECCV)},
  year={2016}
}""",
            "datasets/bibtex/handbags.tex",
        ),
        Citation(
            "hed",
            r"""@inproceedings{xie15hed,
  author={Xie, Saining and Tu, Zhuowen},
  title={Holistically-Nested Edge Detection},
  booktitle={Proceedings of IEEE International Conference on Computer Vision},
  year={2015}
}""",
            "datasets/bibtex/shoes.tex",
        ),
        Citation(
            "transattr",
            r"""@article{Laffont14,
  title={Transient Attributes for High-Level Understanding and Editing of Outdoor Scenes},
  author={Pierre-Yves Laffont and Zhile Ren and Xiaofeng Tao and Chao Qian and James Hays},
  journal={ACM Transactions on Graphics (proceedings of SIGGRAPH)},
  volume={33},
  number={4},
  year={2014}
}""",
            "datasets/bibtex/transattr.tex",
        ),
    )
}


def citations_of(entry: Model | Dataset) -> tuple[Citation, ...]:
    """Returns the papers to cite for a model or a dataset, the method's first."""
    dataset = entry if isinstance(entry, Dataset) else DATASETS.get(f"{entry.family}/{entry.dataset}")
    return tuple(CITATIONS[key] for key in (entry.family, *(dataset.citations if dataset else ())))
