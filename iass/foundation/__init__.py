"""Below all steps: audio, STFT, atomic files, errors, the config, and what methods and cards are."""
