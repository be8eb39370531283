"""What computes outputs. Every backend equals the interpreter bit for bit, and proves it when it starts."""
