"""Tests of motet.networks."""
