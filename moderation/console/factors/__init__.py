"""Second factors on the console.

resets   those of an account, removed by support
step     the second step of staff who sign in; nothing else opens before it
own      the factors of who is signed in
"""
