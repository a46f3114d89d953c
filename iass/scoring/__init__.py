"""From estimates to the tidy score table: protocols, the engine museval, joining the shards."""
