"""Ten garments as own vector shapes on the portraits' canvas (980 units; the picture ends near y = 1050)."""

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["GARMENTS", "Shape", "garment_svg", "neck_svg"]


class Shape(NamedTuple):
    """A path and the region it fills, or the kind of line it is: "seam", "button" (ink) or "trim" (white).

    Shapes that are `behind` are drawn before the head and its neck, the others over them.
    """

    path: str
    role: str
    behind: bool = False


# Skin behind the head from the jaw into every neckline, so no backdrop shows between neck and collar.
_NECK = (
    "M368 720 L360 778 L345 803 L298 848 L296 870 C330 985 440 1045 505 1045 C575 1045 680 985 716 868 L692 838 "
    "L672 820 L612 800 L597 782 L597 720 Z"
)

_BODY = (
    "M-200 1200 C-170 1060 -60 985 120 935 C210 910 285 885 318 838 C350 905 430 945 505 945 C585 945 655 905 690 836 "
    "C730 880 810 905 900 935 C1060 985 1170 1060 1200 1200 Z"
)
_LOW_BODY = (
    "M-200 1200 C-170 1060 -60 985 120 935 C205 912 262 893 296 862 C330 975 440 1010 505 1010 "
    "C575 1010 680 975 716 860 C745 885 815 908 900 935 C1060 985 1170 1060 1200 1200 Z"
)
_HIGH_BODY = (
    "M-200 1200 C-170 1060 -60 985 120 935 C190 914 238 882 258 836 L332 806 C400 900 600 900 682 800 L728 826 "
    "C748 876 815 908 900 935 C1060 985 1170 1060 1200 1200 Z"
)
_SEAMS = (
    Shape("M150 1200 C150 1120 140 1075 118 1035", "seam"),
    Shape("M872 1200 C872 1120 880 1075 902 1035", "seam"),
)

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
            "M-200 1200 C-170 1060 -60 985 120 935 C200 912 265 895 300 862 L510 1110 L708 860 "
            "C745 885 815 908 900 935 C1060 985 1170 1060 1200 1200 Z",
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
        Shape(
            "M232 905 C178 810 222 728 322 722 C430 700 570 700 690 718 C800 726 832 812 772 905 Z",
            "accent",
            behind=True,
        ),
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
        Shape(_HIGH_BODY, "clothes"),
        Shape(
            "M325 788 C400 850 600 858 684 780 C704 850 716 900 706 930 C620 990 395 990 302 930 "
            "C298 890 310 830 325 788 Z",
            "clothes",
        ),
        Shape("M318 838 C415 905 600 905 696 832", "seam"),
        *_SEAMS,
    ),
    "sailor": (
        Shape(
            "M-200 1200 C-170 1060 -60 985 120 935 C210 910 285 885 318 838 C340 880 410 970 505 1030 "
            "C600 970 670 880 690 836 C730 880 810 905 900 935 C1060 985 1170 1060 1200 1200 Z",
            "white",
        ),
        Shape(
            "M318 838 C340 880 410 970 505 1030 C600 970 670 880 690 836 C790 900 860 925 900 935 L815 1090 "
            "C720 1060 600 1060 505 1130 C410 1060 290 1060 200 1090 L120 935 C210 910 285 885 318 838 Z",
            "clothes",
        ),
        Shape("M262 872 C310 950 400 1030 505 1078 C610 1030 700 950 750 872", "trim"),
        Shape("M432 1012 L505 1040 L578 1012 L596 1072 L505 1060 L414 1072 Z", "accent"),
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
        Shape(_HIGH_BODY, "clothes"),
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
        Shape(_BODY, "skin", behind=True),
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


def garment_svg(garment: str, fills: Mapping[str, str], ink: str, line_width: float, *, behind: bool) -> str:
    """Writes the shapes behind or over the head as SVG: filled from `fills`, with outlines of `line_width`."""
    shapes = (shape for shape in GARMENTS[garment] if shape.behind == behind)
    return "".join(_shape_svg(shape, fills, ink, line_width) for shape in shapes)


def neck_svg(fill: str) -> str:
    """Writes the neck that goes behind the head, over what the garment has there."""
    return f'<path d="{_NECK}" fill="{fill}" stroke="none"/>'


def _shape_svg(shape: Shape, fills: Mapping[str, str], ink: str, line_width: float) -> str:
    path, role, _ = shape
    if role == "button":
        return f'<path d="{path}" fill="{ink}"/>'
    if role == "seam":
        return _stroke_svg(path, ink, 0.8 * line_width)
    if role == "trim":
        return _stroke_svg(path, ink, 14 + line_width) + _stroke_svg(path, fills["white"], 14)
    outline = f'stroke="{ink}" stroke-width="{line_width:.1f}" stroke-linejoin="round"'
    return f'<path d="{path}" fill="{fills[role]}" {outline}/>'


def _stroke_svg(path: str, colour: str, width: float) -> str:
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:.1f}" stroke-linecap="round"/>'
