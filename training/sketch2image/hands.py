"""From states of one generator along its training to several hands of a sketcher.

A training by a few drawings wavers: each state draws in a way of its own, all of them like the drawings. States are
kept evenly over the run. Means of a few that follow each other draw more surely than each of them; of those of the
run's second half the better ones are candidates, by how near they are to the drawings' Gram matrices and to the
pictures' content at once, and of these the hands are such as differ most.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["States", "choose_hands"]


class States:
    """States of a network at evenly spaced steps, from `most` up to twice as many; saved with a run's checkpoints."""

    def __init__(self, most: int):
        self.most = most
        self.spacing = 1
        self._kept: dict[int, dict[str, Tensor]] = {}

    def offer(self, step: int, network: torch.nn.Module) -> None:
        """Keeps the state if it is this step's turn; every other one is dropped when there are too many."""
        if step % self.spacing:
            return
        self._kept[step] = {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}
        if len(self._kept) > 2 * self.most:
            self.spacing *= 2
            self._kept = {step: state for step, state in self._kept.items() if step % self.spacing == 0}

    def second_half(self) -> list[dict[str, Tensor]]:
        """Means of every half of the second half's states that follow each other, at least one."""
        last = max(self._kept)
        states = [state for step, state in sorted(self._kept.items()) if 2 * step >= last]
        count = max(1, len(states) // 2)
        return [mean_state(states[start : start + count]) for start in range(len(states) - count + 1)]

    def state_dict(self) -> dict[str, Any]:
        return {"spacing": self.spacing, "kept": self._kept}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.spacing, self._kept = state["spacing"], state["kept"]


def mean_state(states: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of every tensor."""
    return {name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]}


def choose_hands(badness: Tensor, drawn: Tensor, count: int) -> list[int]:
    """Numbers of the candidates that become hands: the best one first, then each time the one most unlike the chosen.

    Args:
        badness: [N]; the worse half is left out, unless so many hands are wanted.
        drawn: what each candidate makes of the same pictures, [N, P, 1, S, S].
    """
    kept = badness.argsort()[: max(count, -(-len(badness) // 2))].tolist()
    chosen = [kept[0]]
    while len(chosen) < min(count, len(kept)):
        rest = [number for number in kept if number not in chosen]
        chosen.append(max(rest, key=lambda number: nearest(drawn, number, chosen)))
    return chosen


def nearest(drawn: Tensor, number: int, chosen: Sequence[int]) -> float:
    """The mean absolute difference to the nearest one of the chosen."""
    return min(float((drawn[number] - drawn[other]).abs().mean()) for other in chosen)
