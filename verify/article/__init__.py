"""The built-in subject: an article on squared error and cross entropy behind a softmax, claim by claim.

`statements` lists what the article says, in its order and in our own words; every other module holds the functions,
the formulas derived by hand and the claims of one topic. They are read by the same loader as a user's file.
"""
