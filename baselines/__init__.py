"""The methods that the benchmark compares: one file each, with one class `Method`."""
