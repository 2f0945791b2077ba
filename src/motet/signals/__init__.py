"""Recordings, and how they become signals: readers, preparation, waveform augmentation."""
