"""What goes on inside a recurrent network, step by step: gates, states, and the equation with its numbers."""
