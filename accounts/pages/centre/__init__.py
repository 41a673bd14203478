"""The account centre: everything about an account on pages, one place per matter.

    signed_in       whose page it is: the decorator, and addresses that name the account
    fresh_proof     pages that ask for a proof of the last minutes
    navigation      the places, in order; one appears when its route exists
    contributions   what packages add to the home page: its rows, and what needs attention
    template_tags   `{% load centre %}`: addresses, navigation, the account switcher
    urls            the routes; `of_accounts` makes both addresses of each

A page extends `accounts/centre/base.html` and shows rows of a present value and one action
(`accounts/centre/row.html`). Pages of packages above work the same way.
"""
