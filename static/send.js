// Sends the form, or follows the link, that is there to be sent at once; without scripts people press it themselves.

const step = document.querySelector('[data-send]')
if (step.tagName === 'FORM') step.submit()
else location.replace(step.href)
