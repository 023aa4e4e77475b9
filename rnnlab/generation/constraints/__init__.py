"""What generated text must be: each constraint is a finite automaton over tokens.

`demands.Demands` builds the automata of the settings, `automaton.Conjunction` combines them, and
`lookahead.Lookahead` says which tokens can still be completed. `generation/particles.py` and
`generation/beam.py` read it. `copying` has a rule on the next token that needs no automaton.
"""
