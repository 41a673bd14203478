// Sends the form that was made to be sent at once; without scripts its button does.

document.querySelector('form[data-send]').submit()
