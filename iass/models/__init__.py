"""The IASS network, its gate and losses, and how a trained network is stored."""
