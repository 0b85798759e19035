"""What it means when somebody presses a button: a call for help, a test, or nothing."""
