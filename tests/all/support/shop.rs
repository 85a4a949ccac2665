//! A shop with one campaign, a few customers, and a gateway of its own: what most tests begin with.

use super::project::Project;
use super::run::Run;
use super::sandbox::Sandbox;

const PROJECT: &str = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\nbulkSize: 2\n";

/// Applies without being asked, one request after the other.
const APPLY: &[&str] = &["apply", "--auto-approve", "--parallel", "1"];

/// A project with the campaign `sale`, whose message `hello` goes to all customers, two in a bulk;
/// its ledger; and the sandbox, in a process of its own, that is its gateway.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) project: Project,
    pub(crate) sandbox: Sandbox,
}

impl Shop {
    /// A shop with so many customers.
    pub(crate) fn new(customers: u64) -> Self {
        let shop = Self::without_ledger(customers);
        shop.project.run(["ledger", "init"]).code(0);
        shop
    }

    /// A shop whose ledger was not made yet.
    pub(crate) fn without_ledger(customers: u64) -> Self {
        Self::on(Sandbox::start([]), customers)
    }

    /// A shop on a gateway that is there already, without a ledger.
    pub(crate) fn on(sandbox: Sandbox, customers: u64) -> Self {
        let project = Project::empty().file("sendform.yaml", PROJECT).env("SENDFORM_BASE_URL", sandbox.url());
        let shop = Self { project, sandbox };
        shop.campaign("Hello from the shop!", 1);
        shop.customers(1..=customers);
        shop
    }

    /// Asks the gateway for faults.
    pub(crate) fn faults(self, faults: &[&str]) -> Self {
        self.sandbox.faults(faults);
        self
    }

    /// Writes the campaign.
    pub(crate) fn campaign(&self, text: &str, revision: u32) {
        self.project.write("sale.yaml", campaign("sale", text, revision));
    }

    /// Writes the audience, in this order.
    pub(crate) fn customers(&self, numbers: impl IntoIterator<Item = u64>) {
        let rows = numbers.into_iter().map(|number| format!("{},Ana {number}\n", customer(number)));
        self.project.write("customers.csv", format!("id,name\n{}", rows.collect::<String>()));
    }

    /// Runs a command.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.project.run(arguments)
    }

    /// Applies without being asked, one request after the other.
    pub(crate) fn apply(&self) -> Run {
        self.run(APPLY)
    }

    /// Runs a command that ends with this code, and makes sure that no request is made.
    #[track_caller]
    pub(crate) fn sends_nothing(&self, arguments: &[&str], code: i32) -> Run {
        let before = self.requests();
        let run = self.run(arguments).code(code);
        assert_eq!(self.requests(), before, "{run}");
        run
    }

    /// Applies as [`Shop::apply`] does, which ends with this code, and makes sure that no request is
    /// made.
    #[track_caller]
    pub(crate) fn apply_sends_nothing(&self, code: i32) -> Run {
        self.sends_nothing(APPLY, code)
    }

    /// As [`Sandbox::accepted`].
    pub(crate) fn accepted(&self) -> Vec<u64> {
        self.sandbox.accepted()
    }

    /// As [`Sandbox::requests`].
    pub(crate) fn requests(&self) -> u64 {
        self.sandbox.requests()
    }
}

/// The text of a campaign with one message, `hello`, to the audience in `customers.csv`.
pub(crate) fn campaign(id: &str, text: &str, revision: u32) -> String {
    format!(
        "campaign: {id}\n\
         audiences:\n  customers: {{ csv: customers.csv, columns: {{ to: id }} }}\n\
         messages:\n  - id: hello\n    revision: {revision}\n    sender: shop\n    audience: customers\n    \
         content: {{ type: TEXT, text: \"{text}\" }}\n"
    )
}

/// The id of a customer.
pub(crate) fn customer(number: u64) -> String {
    format!("1784140000{number:07}")
}
