"""The whole life of awards and batches, walked at random: what always holds, and proof that the walk would notice."""
