"""What the default container computes, by task: small pure functions of what was sent.

They claim no knowledge of the world, only the manners of a pipeline: the shapes of ``transformers`` (documented in the
Hub's task pages and output types), parameters that act, and answers that hold together: a span lies in its text, scores
are probabilities, a picture has the size that was asked for. The same request has the same answer, always.
"""
