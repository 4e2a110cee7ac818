"""What hub, workspace server, browser and command line say to each other; imports nothing of ours."""
