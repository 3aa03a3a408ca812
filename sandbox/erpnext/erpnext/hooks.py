app_name = "erpnext"
app_title = "ERPNext (stand-in)"
app_publisher = "Integration Hub contributors"
app_description = "A stand-in for ERPNext, for trying and testing apps"
app_email = "hello@example.com"
app_license = "GPL-3.0-or-later"

after_install = "erpnext.setup.install.after_install"

treeviews = ["Account", "Cost Center", "Warehouse", "Item Group", "Customer Group", "Territory"]

invoice_doctypes = ["Sales Invoice"]
advance_payment_receivable_doctypes = ["Sales Order"]

# a Payment Entry is unlinked when its invoice is cancelled, not cancelled with it
auto_cancel_exempted_doctypes = ["Payment Entry"]
