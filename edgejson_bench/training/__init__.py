"""LoRA recipes and the loop that follows them: from a train split to an adapter that ``run`` takes."""
