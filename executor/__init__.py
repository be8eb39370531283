"""Elenchus, the executor's side: programs, backends, the chain, disputes and the node that joins them."""
