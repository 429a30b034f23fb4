"""The AWS side of private links: EC2's and STS's calls, and their errors as lines for the user. Needs boto3."""
