"""The contract that every driver of machines keeps."""
