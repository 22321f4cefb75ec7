"""Pages of the stage that pays: batches with their payments and returns, cards, the fund."""
