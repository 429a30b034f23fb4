"""What the checkout needs around the package: its environment, the engine, and the local stack of `make up`.

`set_up`, `steps`, `environment` and `engine` run before the virtual environment exists and use the standard library
only; `local`, `reference` and `pins` run inside it.
"""
