"""The contracts' ABIs, one file each, so that an installed executor needs no compiler.

`tests/node/test_abi.py` holds them to the compiled contracts; `make snapshots` writes them anew.
"""
