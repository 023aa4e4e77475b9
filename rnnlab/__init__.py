"""rnnlab: trains, measures and plays small recurrent networks from one page of YAML."""

__version__ = "0.1.0"
