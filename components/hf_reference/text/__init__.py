"""A language model small enough to be learnt while a request waits, and everything around it.

``corpus`` is the text it learns, ``tokeniser`` turns any text into tokens and back, ``ngram`` gives each token a
probability, ``sampling`` chooses one, ``watermark`` leaves a trace in the choice, ``generation`` writes a text.
``embedding`` turns a text into a vector. All of it is pure: same arguments, same result.
"""
