"""What the way into Production asks for and leaves behind: verdicts, the test in Staging, the bundle."""
