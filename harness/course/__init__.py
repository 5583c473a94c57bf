"""What a course needs: hand-ins, their marking, and the papers' own test with people."""
