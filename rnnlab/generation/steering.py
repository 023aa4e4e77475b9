"""Steered generation: samples of a trained model that satisfy constraints, or the most probable ones.

A constraint holds for the whole text: the seed, and what is generated after it. `Demands` turns the settings
into automata, `Lookahead` removes what cannot be completed, and `draw` or `BeamSearcher` writes the samples.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rnnlab.config.generation import Generation, lengths_of
from rnnlab.engines import Stepper
from rnnlab.errors import UsageError
from rnnlab.generation.beam import BeamSearcher, BeamWidth
from rnnlab.generation.constraints.automaton import Automaton
from rnnlab.generation.constraints.demands import Demands
from rnnlab.generation.constraints.lookahead import Lookahead, Table
from rnnlab.generation.constraints.patterns import Anything, EndsBeforeStop
from rnnlab.generation.constraints.refusals import Pairs, conjoined, refuse_lengths, refuse_seed, refuse_table
from rnnlab.generation.decoding import Decoding, Rule, decode, tokens
from rnnlab.generation.particles import Plan, Steered, draw
from rnnlab.generation.sampling import probabilities

Seed = NDArray[np.int64]

PARTICLES = 256
"""Number of particles of a sample, if the settings have none."""

GUESSING_LANES, GUESSING_STEPS = 32, 32
"""Number and length of the free runs from which the frequencies of the tokens are estimated."""

UNSEEN = 0.01
"""Share of the frequencies that all tokens have alike, since a free run is short."""


@dataclass(frozen=True, eq=False)
class Steering:
    """What steers the generation of one model.

    Attributes:
        demands: the constraints, with the vocabulary of the model.
        how: the regime, window, stop token and sampling.
        settings: the complete settings.
        rules: rules on the next token, such as `CopyLimit`.
    """

    demands: Demands
    how: Decoding
    settings: Generation
    rules: tuple[Rule, ...] = ()

    @property
    def particles(self) -> int:
        """Number of particles of a sample."""
        return PARTICLES if self.settings.particles is None else self.settings.particles

    @property
    def only_masks(self) -> bool:
        """Whether there are rules on the next token alone, and no particles are asked for."""
        settings = self.settings
        return settings.constraints.are_rules and settings.particles in (None, 1) and settings.beam is None

    @property
    def searches(self) -> bool:
        """Whether the most probable text is looked for: `beam` is set, or no token is drawn at random."""
        return self.settings.beam is not None or not self.how.sampling.draws

    def samples(self, model: Stepper, seed: Seed) -> list[Steered]:
        """Return the samples after a seed, (S,).

        At temperature 0, the model given the constraints is the most probable text that satisfies them; a
        beam search as wide as there are particles looks for it.

        Raises:
            UsageError: nothing can satisfy the constraints; the message says why.
            ModelFileError: logits are not numbers.
        """
        if self.only_masks:
            how = replace(self.how, rules=self.rules)
            return [Steered(sample, None, None) for sample in decode(model, seed, how)]
        count, varies = self.settings.samples, self.demands.settings.vary is not None
        frequencies = self._frequencies(model, seed)
        plans = [self._plan(seed, number, frequencies) for number in range(count if varies else 1)]
        if not self.searches:
            plans = plans if varies else plans * count
            return draw(model, seed, plans, self.how, particles=self.particles)
        if self.settings.beam is not None and not varies:
            return self._found(model, seed, plans[0], count)
        found = [self._found(model, seed, plan, 1)[0] for plan in plans]
        return found if varies else found * count

    def _found(self, model: Stepper, seed: Seed, plan: Plan, count: int) -> list[Steered]:
        """Return the `count` most probable texts that a beam search finds."""
        width = self.settings.beam or self.particles
        search = BeamWidth(max(width, 1), self.settings.length_normalization)
        find = BeamSearcher(model, seed, self.how, search, plan.lookahead, plan.rules)
        return [Steered(sample, None, None) for sample in find(count)]

    def _frequencies(self, model: Stepper, seed: Seed) -> NDArray[np.float64] | None:
        """Return how often the model writes each token, (V,), estimated from free runs after the seed.

        None for a beam search and for one particle, which only masks.
        """
        if self.searches or self.particles == 1:
            return None
        steps = min(GUESSING_STEPS, max(self.settings.length, 1))
        how = replace(self.how, samples=GUESSING_LANES, length=steps, random_seed=self.settings.random_seed)
        total = sum(probabilities(logits, how.sampling).sum(axis=0) for _, logits in tokens(model, seed, how))
        shares: NDArray[np.float64] = total / np.sum(total)
        return (1 - UNSEEN) * shares + UNSEEN / len(shares)

    def _plan(self, seed: Seed, number: int, frequencies: NDArray[np.float64] | None = None) -> Plan:
        """Return what the sample with a number must do.

        Args:
            seed: the seed, (S,).
            number: number of the sample.
            frequencies: how often the model writes each token, (V,); None for no guess.

        Raises:
            UsageError: nothing can satisfy the constraints.
        """
        automata = self._automata(number)
        states = [self._after_seed(automaton, self._in_text(seed)) for automaton in automata]
        pairs = list(zip(automata, states, strict=True))
        unstopped = [*pairs, *self._until_stop()]
        table = Table.of(*conjoined(unstopped))
        if not table.useful[0]:
            raise refuse_table(unstopped, self.demands)
        least, most = self._lengths(table)
        lookahead = Lookahead(table, least, most, stop=self.how.stop, frequencies=frequencies)
        if not lookahead.is_possible:
            raise refuse_lengths(pairs, table, least, most)
        return Plan(lookahead, self.rules)

    def _until_stop(self) -> Pairs:
        """Return the constraint that a sample, but not its seed, is without the stop token."""
        if self.how.stop is None:
            return ()
        automaton = EndsBeforeStop([self.how.stop], len(self.demands.vocabulary))
        return ((automaton, automaton.start),)

    def accepts_seed(self, seed: Seed) -> bool:
        """Return whether the constraints allow the tokens of a seed, (S,), so far."""
        try:
            for automaton in self._automata(0):
                self._after_seed(automaton, self._in_text(seed))
        except UsageError:
            return False
        return True

    def _automata(self, number: int) -> list[Automaton]:
        """Return the constraints of the sample with a number."""
        rng = np.random.default_rng([self.settings.random_seed, number, 1])
        return self.demands.automata(rng) or [Anything(len(self.demands.vocabulary))]

    def _in_text(self, seed: Seed) -> Seed:
        """Return the tokens of a seed that are part of the text: without a boundary or a label before it."""
        vocabulary = self.demands.vocabulary
        begins = len(seed) and (seed[0] == vocabulary.boundary_id or seed[0] >= len(vocabulary))
        return seed[1:] if begins else seed

    def _after_seed(self, automaton: Automaton, seed: Seed) -> object:
        """Return the state of an automaton after the seed.

        Raises:
            UsageError: the seed does not satisfy the constraint.
        """
        state = automaton.start
        for place, token in enumerate(seed.tolist()):
            state = automaton.after(state, int(automaton.classes[token]))
            if state is None:
                if not Table.of(automaton, automaton.start).useful[0]:
                    raise refuse_table([(automaton, automaton.start)], self.demands)
                raise refuse_seed(automaton, self.demands.vocabulary.tokens[token], place)
        return state

    def _lengths(self, table: Table) -> tuple[int, int]:
        """Return the least and the greatest number of tokens of a sample."""
        given = self.demands.settings.length
        if given is not None:
            return lengths_of(given)
        if table.ends:
            longest, shortest = table.longest, table.shortest or 0
            if longest is None:
                return 0, max(self.settings.length, shortest)
            # One more with a stop token, whose probability then counts after the longest text too.
            return 0, longest + (self.how.stop is not None)
        return (self.settings.length if self.how.stop is None else 0), self.settings.length

    @cached_property
    def forced_seed(self) -> Seed:
        """The tokens that the constraints leave no choice in, at the beginning of the text, (S,).

        Raises:
            UsageError: no text satisfies the constraints.
        """
        pairs = [(automaton, automaton.start) for automaton in self._automata(0)]
        table = Table.of(*conjoined(pairs))
        if not table.useful[0]:
            raise refuse_table(pairs, self.demands)
        state, forced = 0, list[int]()
        while not table.accepting[state]:
            live = np.flatnonzero(table.useful[table.following[state]][table.classes])
            if len(live) != 1:
                break
            forced.append(int(live[0]))
            state = int(table.following[state, table.classes[live[0]]])
        return np.array(forced, np.int64)


def trust_note(steered: list[Steered], particles: int | None) -> str | None:
    """Return a sentence on how far the samples can be trusted to be draws given the constraint, or None.

    Args:
        steered: the samples.
        particles: number of particles of the settings.
    """
    particles = PARTICLES if particles is None else particles
    sizes = [each.effective_sample_size for each in steered if each.effective_sample_size is not None]
    if not sizes:
        return None
    if particles == 1:
        return (
            "one particle only masks what the constraints do not allow: the samples satisfy them, but are no"
            " draws from the model given the constraints"
        )
    least = min(sizes)
    if least >= max(particles / 32, 2):
        return None
    return (
        f"the effective sample size fell to {least:.1f} of {particles} particles: the samples satisfy the"
        " constraints, but may not be typical of the model; more particles help"
    )
