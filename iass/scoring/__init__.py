"""From estimates to the tidy score table: metrics, engines, protocols, masks, files."""
