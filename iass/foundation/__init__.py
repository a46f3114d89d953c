"""Below all steps: audio, STFT, atomic files, errors, config, what methods and cards are."""
