"""What the three editions of MUSDB18 share: folders of tracks, splits, errata."""
