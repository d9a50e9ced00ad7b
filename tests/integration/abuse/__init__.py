"""What people try who mean harm, on one whole node."""
