"""The TensorFlow engine: compiled XLA programs that train a network for many steps in one call.

`program.py` is the door for `training/`: it compiles and runs the programs. `training/` gives it the
equations of `forward.py` and the records of `data.py`.
"""
