//! The allow-list over a parsed template: text, expressions, `if`, `for`, and `include` of a
//! constant path. Everything else is refused, with what to write instead.

use std::ops::Range;

use minijinja::machinery::Span;
use minijinja::machinery::ast::{self, Expr, Spanned, Stmt};

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::render::blanks::{FilteredExpression, Literal};
use crate::render::extent::{extent, range};
use crate::render::nesting::SourceForm;
use crate::render::position::Position;
use crate::render::slips::TAGS;
use crate::render::types::Type;
use crate::wire::visible::is_blank;

/// A column at one of its uses, in bytes of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) name: String,
    pub(super) range: Range<usize>,
    /// Whether it stands where most often a text does: something is compared with it.
    pub(super) is_compared: bool,
}

/// An include, in bytes of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inclusion {
    pub(super) path: String,
    pub(super) range: Range<usize>,
}

/// Walks over one source and collects what it uses and what is wrong with it.
pub(super) struct SourceChecker<'a> {
    position: &'a Position,
    form: SourceForm,
    /// Names that `for` declares, innermost last.
    pub(super) scope: Vec<(String, Type)>,
    pub(super) uses: Vec<Use>,
    pub(super) inclusions: Vec<Inclusion>,
    /// Where the engine's span of an expression is not all of it: the span, and all of it.
    pub(super) extents: Vec<(Range<usize>, Range<usize>)>,
    /// Slices of texts.
    pub(super) slices: Vec<Range<usize>>,
    /// What the engine hands to a filter of ours.
    pub(super) handed: Vec<FilteredExpression>,
    /// The texts that are written out in the tag that is looked at.
    pub(super) written_out: Vec<Literal>,
    /// Texts that are written out, and could be columns with quotes around their names.
    pub(super) quoted: Vec<Literal>,
    /// How many columns and names of loops were met.
    pub(super) names: usize,
    pub(super) diagnostics: Diagnostics,
}

impl<'a> SourceChecker<'a> {
    /// Starts with nothing found.
    pub(super) fn new(position: &'a Position, form: SourceForm) -> Self {
        Self {
            position,
            form,
            scope: Vec::new(),
            uses: Vec::new(),
            inclusions: Vec::new(),
            extents: Vec::new(),
            slices: Vec::new(),
            handed: Vec::new(),
            written_out: Vec::new(),
            quoted: Vec::new(),
            names: 0,
            diagnostics: Diagnostics::new(),
        }
    }

    /// What is being checked.
    pub(super) const fn form(&self) -> SourceForm {
        self.form
    }

    /// The code for what has the wrong type.
    pub(super) const fn type_code(&self) -> Code {
        match self.form {
            SourceForm::Template => Code::TemplateForbidden,
            SourceForm::Expression => Code::WhereFailed,
        }
    }

    /// Reports a mistake.
    pub(super) fn report(&mut self, code: Code, message: impl Into<String>, at: Range<usize>, help: Option<&str>) {
        let mut diagnostic = Diagnostic::error(code, message, self.position.place(&at));
        diagnostic.help = help.map(str::to_owned);
        self.diagnostics.push(diagnostic);
    }

    /// Checks a template, or a part of one.
    pub(super) fn statements(&mut self, statements: &[Stmt<'_>]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitRaw(_) => {}
            Stmt::EmitExpr(emitted) => self.emitted(&emitted.expr),
            Stmt::IfCond(condition) => {
                self.expression(&condition.expr);
                self.tested(&condition.expr);
                self.statements(&condition.true_body);
                self.statements(&condition.false_body);
            }
            Stmt::ForLoop(for_loop) => self.for_loop(for_loop),
            Stmt::Include(include) => self.include(include),
            Stmt::Set(set) => self.refuse("set", set.span()),
            Stmt::SetBlock(set) => self.refuse("set", set.span()),
            Stmt::WithBlock(with) => self.refuse("with", with.span()),
            Stmt::AutoEscape(block) => self.refuse("autoescape", block.span()),
            Stmt::FilterBlock(block) => self.refuse("filter", block.span()),
            Stmt::Block(block) => self.refuse("block", block.span()),
            Stmt::Import(import) => self.refuse("import", import.span()),
            Stmt::FromImport(import) => self.refuse("from", import.span()),
            Stmt::Extends(extends) => self.refuse("extends", extends.span()),
            Stmt::Do(call) => self.refuse("do", call.span()),
        }
    }

    fn refuse(&mut self, tag: &str, span: Span) {
        let message = format!("`{{% {tag} %}}` is not part of templates");
        self.report(Code::TemplateForbidden, message, range(span), Some(TAGS));
    }

    fn emitted(&mut self, expr: &Expr<'_>) {
        self.refuse_blank_literals(expr);
        let names = self.names;
        let found = self.expression(expr);
        self.flow(expr);
        let is_constant = self.names == names;
        // Beside a column a word may well be one, but hardly one with an underscore.
        let quoted = std::mem::take(&mut self.written_out).into_iter();
        self.quoted.extend(quoted.filter(|literal| is_constant || literal.text.contains('_')));
        let help = match found {
            Type::Text | Type::Number | Type::Unknown => return,
            Type::Texts | Type::Numbers => "write `join`",
            Type::Bool | Type::Truth => "write `{% if … %}…{% endif %}`",
            Type::TextMap | Type::NumberMap | Type::Loop => "a text or a number can be written",
        };
        self.report(self.type_code(), format!("{found} cannot be written into a text"), extent(expr), Some(help));
    }

    /// A blank that is written out would fail for every row that comes to it.
    fn refuse_blank_literals(&mut self, expr: &Expr<'_>) {
        if let Expr::IfExpr(choice) = expr {
            self.refuse_blank_literals(&choice.true_expr);
            if let Some(otherwise) = &choice.false_expr {
                self.refuse_blank_literals(otherwise);
            }
        } else if let Expr::Const(constant) = expr
            && constant.value.as_str().is_some_and(is_blank)
        {
            let help = "write blanks as text, or `{% if … %}…{% endif %}`";
            self.report(Code::BlankValue, "a blank text is written out", extent(expr), Some(help));
        }
    }

    fn for_loop(&mut self, for_loop: &Spanned<ast::ForLoop<'_>>) {
        let listed = self.expression(&for_loop.iter);
        self.flow(&for_loop.iter);
        self.written_out.clear();
        let element = match listed {
            Type::Texts | Type::Numbers | Type::Unknown => listed.element().unwrap_or(Type::Unknown),
            Type::Text | Type::Number | Type::Bool | Type::TextMap | Type::NumberMap | Type::Loop | Type::Truth => {
                let help = "loop over a list: `[\"a\", \"b\"]`, or a column with `split(\",\")`";
                self.report(
                    self.type_code(),
                    format!("`for` goes over a list, not {listed}"),
                    extent(&for_loop.iter),
                    Some(help),
                );
                Type::Unknown
            }
        };
        if for_loop.recursive {
            self.report(Code::TemplateForbidden, "a `for` cannot be recursive", range(for_loop.span()), None);
        }
        let depth = self.scope.len();
        if let Expr::Var(target) = &for_loop.target {
            self.scope.push((target.id.to_owned(), element));
        } else {
            self.report(Code::TemplateForbidden, "`for` takes one name", extent(&for_loop.target), None);
        }
        if let Some(filter) = &for_loop.filter_expr {
            self.expression(filter);
            self.tested(filter);
        }
        self.scope.push(("loop".to_owned(), Type::Loop));
        self.statements(&for_loop.body);
        self.scope.truncate(depth);
        self.statements(&for_loop.else_body);
    }

    fn include(&mut self, include: &Spanned<ast::Include<'_>>) {
        let constant = if let Expr::Const(constant) = &include.name { Some(constant) } else { None };
        let Some(path) = constant.and_then(|constant| constant.value.as_str()) else {
            let message = "`include` takes a path that is written out";
            self.report(
                Code::TemplateForbidden,
                message,
                extent(&include.name),
                Some("write `{% include \"templates/footer.txt\" %}`"),
            );
            return;
        };
        if include.ignore_missing {
            let message = "`ignore missing` would hide a missing file";
            self.report(Code::TemplateForbidden, message, range(include.span()), None);
        }
        self.inclusions.push(Inclusion { path: path.to_owned(), range: extent(&include.name) });
    }
}
