"""Ten garments as own vector shapes on the portraits' canvas (980 units; the picture ends near y = 1050)."""

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["GARMENTS", "NECK", "Shape", "garment_svg"]


class Shape(NamedTuple):
    """A path and the region it fills, or the kind of line it is: "seam", "button" (ink) or "trim" (white)."""

    path: str
    role: str


# Skin behind the head from the jaw into every neckline, so no backdrop shows between neck and collar.
NECK = (
    "M368 720 L360 778 L345 803 L298 848 L296 870 C330 985 440 1022 505 1022 C575 1022 680 985 716 868 L692 838 "
    "L672 820 L612 800 L597 782 L597 720 Z"
)

_BODY = (
    "M-200 1200 C-170 1060 -60 985 120 935 C210 910 285 885 318 838 C350 905 430 945 505 945 C585 945 655 905 690 836 "
    "C730 880 810 905 900 935 C1060 985 1170 1060 1200 1200 Z"
)
_LOW_BODY = (
    "M-200 1200 C-170 1060 -60 985 120 935 C205 912 262 893 296 862 C330 975 440 1010 505 1010 C575 1010 680 975 716 860 "
    "C745 885 815 908 900 935 C1060 985 1170 1060 1200 1200 Z"
)
_SEAMS = (Shape("M150 1200 C150 1120 140 1075 118 1035", "seam"), Shape("M872 1200 C872 1120 880 1075 902 1035", "seam"))

GARMENTS: Mapping[str, tuple[Shape, ...]] = {
    "tee": (
        Shape(_BODY, "clothes"),
        Shape(
            "M318 838 C350 905 430 945 505 945 C585 945 655 905 690 836 L706 858 C668 935 590 975 505 975 "
            "C425 975 340 935 302 860 Z",
            "accent",
        ),
        *_SEAMS,
    ),
    "vneck": (
        Shape("M318 838 C350 905 430 945 505 945 C585 945 655 905 690 836 L760 900 L520 1130 L260 900 Z", "white"),
        Shape(
            "M-200 1200 C-170 1060 -60 985 120 935 C200 912 265 895 300 862 L510 1110 L708 860 C745 885 815 908 900 935 "
            "C1060 985 1170 1060 1200 1200 Z",
            "clothes",
        ),
        Shape("M300 862 L510 1110 L708 860 L732 878 L511 1152 L278 878 Z", "accent"),
        *_SEAMS,
    ),
    "shirt": (
        Shape(_BODY, "clothes"),
        Shape("M318 838 C350 905 430 945 505 950 L430 1062 C360 1010 300 940 284 868 Z", "accent"),
        Shape("M690 836 C655 905 585 945 505 950 L592 1058 C665 1005 712 935 726 862 Z", "accent"),
        Shape("M511 955 L513 1200", "seam"),
        Shape("M532 1012 a9 9 0 1 0 18 0 a9 9 0 1 0 -18 0", "button"),
        *_SEAMS,
    ),
    "hoodie": (
        Shape("M250 870 C190 800 230 735 300 745 C330 800 360 850 400 880 Z", "accent"),
        Shape("M760 870 C815 800 780 730 715 742 C690 800 660 850 620 880 Z", "accent"),
        Shape(_LOW_BODY, "clothes"),
        Shape(
            "M296 862 C330 975 440 1010 505 1010 C575 1010 680 975 716 860 L770 880 C730 1010 600 1062 505 1062 "
            "C410 1062 280 1010 240 882 Z",
            "accent",
        ),
        Shape("M440 1040 C436 1090 442 1130 436 1170", "seam"),
        Shape("M575 1040 C580 1090 572 1130 580 1170", "seam"),
        *_SEAMS,
    ),
    "turtleneck": (
        Shape(_BODY, "clothes"),
        Shape(
            "M345 800 C400 850 590 860 662 795 C680 850 700 900 690 925 C610 985 400 985 318 925 "
            "C312 890 330 840 345 800 Z",
            "clothes",
        ),
        Shape("M338 850 C420 905 590 905 676 845", "seam"),
        *_SEAMS,
    ),
    "sailor": (
        Shape(_BODY, "white"),
        Shape(
            "M318 838 C330 870 400 990 505 1090 C610 990 680 870 690 836 C790 900 860 925 900 935 L815 1090 "
            "C720 1060 600 1060 505 1130 C410 1060 290 1060 200 1090 L120 935 C210 910 285 885 318 838 Z",
            "clothes",
        ),
        Shape(
            "M318 838 C330 870 400 990 505 1090 C610 990 680 870 690 836 L680 880 C655 925 590 945 505 945 "
            "C420 945 350 925 330 880 Z",
            "skin",
        ),
        Shape("M235 1062 C320 1040 420 1050 505 1108 C590 1050 695 1040 780 1062", "trim"),
        Shape("M430 1000 L505 1040 L580 1000 L600 1060 L505 1052 L410 1060 Z", "accent"),
        *_SEAMS,
    ),
    "suit": (
        Shape("M318 838 C350 905 430 945 505 945 C585 945 655 905 690 836 L800 900 L520 1300 L220 900 Z", "white"),
        Shape("M470 968 L545 968 L560 1010 L585 1200 L430 1200 L455 1010 Z", "accent"),
        Shape("M-200 1200 C-170 1060 -60 985 120 935 C200 912 265 895 304 856 L440 1200 Z", "clothes"),
        Shape("M1200 1200 C1170 1060 1060 985 900 935 C815 908 745 885 704 854 L590 1200 Z", "clothes"),
        Shape("M304 856 L250 905 L300 985 L255 1020 L420 1200 L446 1200 Z", "clothes"),
        Shape("M704 854 L765 905 L715 985 L760 1020 L612 1200 L584 1200 Z", "clothes"),
        Shape("M318 838 C350 905 430 945 505 950 L440 1020 C370 985 325 930 300 866 Z", "white"),
        Shape("M690 836 C655 905 585 945 505 950 L575 1020 C640 985 690 930 712 862 Z", "white"),
    ),
    "scarf": (
        Shape(_BODY, "clothes"),
        Shape(
            "M300 820 C360 880 620 890 705 812 C745 850 745 930 700 965 C610 1030 400 1030 310 965 "
            "C262 930 262 860 300 820 Z",
            "accent",
        ),
        Shape("M330 985 L420 1010 L400 1200 L290 1200 Z", "accent"),
        Shape("M305 890 C400 950 610 950 722 880", "seam"),
        *_SEAMS,
    ),
    "tank": (
        Shape(_BODY, "skin"),
        Shape(
            "M120 1200 C150 1120 205 1030 232 902 L300 872 C330 1020 430 1055 505 1055 C590 1055 690 1020 712 870 "
            "L782 900 C815 1030 862 1120 890 1200 Z",
            "clothes",
        ),
    ),
    "jacket": (
        Shape(_BODY, "accent"),
        Shape("M-200 1200 C-170 1060 -60 985 120 935 C210 910 285 885 318 838 L345 1000 L390 1200 Z", "clothes"),
        Shape("M1200 1200 C1170 1060 1060 985 900 935 C810 905 730 880 690 836 L668 1000 L630 1200 Z", "clothes"),
        Shape("M318 838 L262 880 L300 1010 L350 1030 Z", "clothes"),
        Shape("M690 836 L750 880 L712 1010 L662 1030 Z", "clothes"),
    ),
}


def garment_svg(garment: str, fills: Mapping[str, str], ink: str, line_width: float) -> str:
    """Writes a garment as SVG: regions filled from `fills` and outlined in `ink`, `line_width` canvas units wide."""
    return "".join(_shape_svg(shape, fills, ink, line_width) for shape in GARMENTS[garment])


def _shape_svg(shape: Shape, fills: Mapping[str, str], ink: str, line_width: float) -> str:
    path, role = shape
    if role == "seam":
        return f'<path d="{path}" fill="none" stroke="{ink}" stroke-width="{0.8 * line_width:.1f}" stroke-linecap="round"/>'
    if role == "trim":
        casing = f'<path d="{path}" fill="none" stroke="{ink}" stroke-width="{14 + line_width:.1f}"/>'
        return f'{casing}<path d="{path}" fill="none" stroke="{fills["white"]}" stroke-width="14"/>'
    if role == "button":
        return f'<path d="{path}" fill="{ink}"/>'
    outline = f'stroke="{ink}" stroke-width="{line_width:.1f}" stroke-linejoin="round"'
    return f'<path d="{path}" fill="{fills[role]}" {outline}/>'
