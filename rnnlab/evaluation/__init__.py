"""What a trained model is worth, one step at a time and running free."""
