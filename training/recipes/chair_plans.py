"""What a chair is like before it is built: its kind, parts and measures, drawn at random within good carpentry."""

from dataclasses import dataclass

import numpy as np

__all__ = ["KINDS", "Plan", "choose_plan"]


@dataclass(frozen=True)
class Plan:
    """One chair. Lengths are metres, angles radians; half sizes where a name does not say height or radius.

    kind, seat, back, base, arms, stretcher: what is built, "none" where there is nothing.
    width, depth: of the seat in front and along; `taper` is the rear's width relative to the front's.
    height: of the seat's upper side above the floor; thickness: of the seat's slab.
    squareness: outline of the seat, 2 is round, 0 is a box. dish: how deep the seat is hollowed.
    back_width, back_height: of the back; gap: from the seat to the back's lowest rail.
    tilt: of the back, backwards; wrap: how the back curves around the sitter, 1/m; lean: how it curves backwards, 1/m.
    flare: how much wider the back gets upwards, 1/m; arch: how much higher its rails' middles are.
    count: slats, spindles, rungs or channels. post: radius of the back's posts.
    leg: radius of the legs; splay: how far their feet stand outside; apron: height of the rails below the seat, or 0.
    arm_height: above the seat. turning: which profile turned parts have. metal: legs and frame are of metal.
    """

    kind: str
    seat: str
    back: str
    base: str
    arms: str
    stretcher: str
    width: float
    depth: float
    taper: float
    height: float
    thickness: float
    squareness: float
    dish: float
    back_width: float
    back_height: float
    gap: float
    tilt: float
    wrap: float
    lean: float
    flare: float
    arch: float
    count: int
    post: float
    leg: float
    splay: float
    apron: float
    arm_height: float
    turning: int
    metal: bool

    @property
    def has_posts(self) -> bool:
        """Whether the back stands on two posts that go on as rear legs."""
        return self.back not in ("shell", "wing") and self.base in LEGGED

    @property
    def rear(self) -> float:
        """Where the back's outer ends stand, along the seat: on its slab, close to its outline."""
        if self.seat == "shell":
            return 0.026 - self.depth
        return self.leg * 1.2 - self.depth * self.reach(self.back_width / (self.width * self.taper))

    def reach(self, share: float) -> float:
        """How far the seat's outline reaches along, in half depths, at a share of its half width."""
        if not self.squareness:
            return 1.0
        return float(max(1 - abs(share) ** self.squareness, 0.0) ** (1 / self.squareness))


LEGGED = ("tapered", "turned", "cylinder", "square", "rockers")
WOODEN_BACKS = ("slats", "spindles", "hoop", "ladder", "panel", "splat", "cross", "cane", "framed")


@dataclass(frozen=True)
class Kind:
    """The choices and ranges of one kind of chair; what is named twice is drawn twice as often. share: of all."""

    share: float
    bases: tuple[str, ...]
    backs: tuple[str, ...]
    seats: tuple[str, ...]
    arms: tuple[str, ...]
    width: tuple[float, float]
    height: tuple[float, float]
    back_height: tuple[float, float]


WOODEN = ("tapered", "turned", "cylinder", "square")
FREE = ("splayed", "hairpin", "sled", "cantilever", "pedestal", "star4")
KINDS = {
    "dining": Kind(
        0.34,
        (*WOODEN, *WOODEN, "splayed", "hairpin", "sled", "cantilever", "pedestal"),
        (*WOODEN_BACKS, "pad", "channel", "shell", "shell", "oval"),
        ("slab", "cushion", "padded", "woven"), ("none",),
        width=(0.2, 0.245), height=(0.43, 0.48), back_height=(0.36, 0.54),
    ),
    "armchair": Kind(
        0.2,
        (*WOODEN, *WOODEN, "splayed", "sled", "cantilever", "star4"),
        (*WOODEN_BACKS, "pad", "channel", "tufted", "oval"),
        ("slab", "cushion", "padded", "woven"), ("rail", "rail", "bow", "loop"),
        width=(0.235, 0.275), height=(0.42, 0.46), back_height=(0.4, 0.56),
    ),
    "bar_stool": Kind(
        0.12,
        ("cylinder", "square", "tapered", "splayed", "pedestal", "sled"),
        ("slats", "spindles", "hoop", "panel", "pad", "ladder", "cross", "shell"),
        ("slab", "padded", "cushion"), ("none",),
        width=(0.18, 0.215), height=(0.64, 0.76), back_height=(0.2, 0.32),
    ),
    "office": Kind(
        0.14,
        ("star5",),
        ("pad", "pad", "channel", "shell", "tufted", "panel", "cane"),
        ("padded",), ("none", "tee", "tee", "loop"),
        width=(0.225, 0.26), height=(0.44, 0.52), back_height=(0.4, 0.66),
    ),
    "rocking": Kind(
        0.1,
        ("rockers",),
        ("slats", "spindles", "hoop", "ladder", "cane", "framed", "pad"),
        ("slab", "cushion", "woven"), ("rail", "rail", "rail", "none"),
        width=(0.23, 0.26), height=(0.39, 0.44), back_height=(0.5, 0.66),
    ),
    "lounge": Kind(
        0.1,
        ("feet", "feet", "sledfeet", "plinth"),
        ("wing", "tufted", "channel", "pad"),
        ("deep",), ("solid", "solid", "slope"),
        width=(0.27, 0.33), height=(0.4, 0.44), back_height=(0.38, 0.58),
    ),
}  # fmt: skip


def choose_plan(rng: np.random.Generator) -> Plan:
    """Draws a plan."""
    shares = np.array([kind.share for kind in KINDS.values()])
    name = list(KINDS)[int(rng.choice(len(KINDS), p=shares / shares.sum()))]
    kind = KINDS[name]
    base, back, seat, arms = (str(rng.choice(options)) for options in (kind.bases, kind.backs, kind.seats, kind.arms))
    if back == "shell":
        seat, arms = "shell", "none" if arms != "tee" else arms
    if base in FREE and arms in ("rail", "bow"):
        arms = "loop"
    if base in FREE and back in ("slats", "spindles", "ladder", "splat", "cross", "framed") and rng.random() < 0.6:
        back = "pad"
    if arms == "bow" and back not in ("spindles", "hoop", "slats", "oval", "panel"):
        arms = "rail"
    metal = base in FREE or base in ("star5", "sledfeet") or (base == "cylinder" and rng.random() < 0.5)
    return _measured(rng, name, seat, back, base, arms, metal)


def _measured(rng: np.random.Generator, name: str, seat: str, back: str, base: str, arms: str, metal: bool) -> Plan:
    kind = KINDS[name]
    is_round = seat in ("slab", "padded", "cushion") and rng.random() < (0.75 if back in ("hoop", "oval") else 0.15)
    width = rng.uniform(*kind.width)
    depth = width * (rng.uniform(0.96, 1.04) if is_round else rng.uniform(0.88, 1.04))
    taper = 1.0 if is_round or name in ("office", "lounge") else rng.uniform(0.84, 1.0)
    back_height = rng.uniform(*kind.back_height) * (0.75 if back == "oval" else 1.0)
    is_stretched = base in WOODEN or base in ("splayed", "rockers")
    stretchers = ("none", "none", "aitch", "box", "side") if name != "bar_stool" else ("box", "box", "aitch")
    squareness = 2.0 if is_round else float(rng.choice([0, 0, 4, 5, 8]))
    back_width = width * (rng.uniform(0.82, 0.93) if not squareness else min(0.88, 0.62 + 0.045 * squareness))
    has_apron = base in WOODEN and not is_round and rng.random() < 0.55
    return Plan(
        kind=name, seat=seat, back=back, base=base, arms=arms,
        stretcher=str(rng.choice(stretchers)) if is_stretched else "none",
        width=width, depth=depth, taper=taper, height=rng.uniform(*kind.height),
        thickness=rng.uniform(0.012, 0.022), squareness=squareness,
        dish=rng.uniform(0, 0.012) if seat == "slab" else 0.0,
        back_width=back_width * taper, back_height=back_height,
        gap=rng.uniform(0.07, 0.15) * min(1.0, back_height / 0.4),
        tilt=rng.uniform(0.08, 0.24) if name not in ("rocking", "lounge") else rng.uniform(0.18, 0.32),
        wrap=rng.uniform(0, 0.9) * (rng.random() < 0.6), lean=rng.uniform(0, 0.25),
        flare=rng.uniform(-0.1, 0.28) if not is_round else rng.uniform(0, 0.4), arch=rng.choice([0, 0, 0.02, 0.04]),
        count=int(rng.integers(3, 8)), post=rng.uniform(0.011, 0.017), leg=rng.uniform(0.014, 0.023),
        splay=_splay(rng, base), apron=rng.uniform(0.018, 0.034) if has_apron else 0.0,
        arm_height=rng.uniform(0.18, 0.24), turning=int(rng.integers(0, 4)), metal=metal,
    )  # fmt: skip


def _splay(rng: np.random.Generator, base: str) -> float:
    if base in ("splayed", "hairpin"):
        return float(rng.uniform(0.05, 0.11))
    return float(rng.uniform(0.0, 0.04)) if base in ("tapered", "turned", "cylinder") else 0.0
