//! Pass 7: expressions of model rules, against the fields they name.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, codes};
use crate::ir::{
    BinaryOperator, Builtin, EnumId, Expr, ModelId, ModelRule, Scalar, TypeId, ValueSource,
};
use crate::resolve::Resolver;
use crate::syntax::{self, ExprKind, Name, Node, Value, parse_expr};

/// What an operand is; only like is compared with like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A truth value.
    Bool,
    /// `i16`, `i32` and `i64`.
    Whole,
    /// `decimal`, whatever its digits.
    Decimal,
    /// `f32` and `f64`.
    Float,
    /// `text`, whatever its limit.
    Text,
    /// Another built-in type.
    Other(Builtin),
    Enum(EnumId),
    List,
    /// A type of the user's: only whether it is null can be asked.
    Custom,
    /// A constant that takes the kind of what it meets.
    Number,
    Quoted,
}

/// An operand while the kind of the other one is not known.
struct Operand<'e> {
    kind: Kind,
    /// The type that a constant is to be of.
    scalar: Option<Scalar>,
    expr: Expr,
    syntax: &'e syntax::Expr,
}

/// The text that an expression is in, and the model it is about.
struct Rule<'a> {
    model: ModelId,
    text: &'a Name,
}

impl<'a> Resolver<'a> {
    /// Resolves the rules of a model; those with mistakes are reported and left out.
    pub(super) fn resolve_rules(&mut self, model: ModelId) -> Vec<ModelRule> {
        let syntax = self.models[model].syntax;
        let rules = syntax.rules.iter();
        rules
            .filter_map(|rule| self.resolve_rule(model, rule))
            .collect()
    }

    fn resolve_rule(&mut self, model: ModelId, syntax: &'a syntax::ModelRule) -> Option<ModelRule> {
        let text = syntax
            .expr
            .as_ref()
            .filter(|text| !text.value.trim().is_empty())?;
        let rule = Rule { model, text };
        let parsed = match parse_expr(&text.value) {
            Ok(parsed) => parsed,
            Err(error) => {
                let span = text.part(self.sources, error.range);
                self.push(
                    Diagnostic::new(&codes::RULE_SYNTAX, span, "the rule cannot be read")
                        .label(error.message)
                        .help("write a condition such as `ends > starts` or `bio is null or length(name) > 0`"),
                );
                return None;
            }
        };
        let operand = self.operand(&rule, &parsed)?;
        self.expect_kind(&rule, &operand, Kind::Bool)?;
        Some(ModelRule {
            name: syntax.name.as_ref()?.value.clone(),
            text: text.value.clone(),
            expr: operand.expr,
            message: syntax.message.as_ref()?.value.clone(),
            span: text.span,
        })
    }

    fn operand<'e>(&mut self, rule: &Rule<'a>, syntax: &'e syntax::Expr) -> Option<Operand<'e>> {
        let bool_ = |expr| {
            Some(Operand {
                kind: Kind::Bool,
                scalar: None,
                expr,
                syntax,
            })
        };
        match &syntax.kind {
            ExprKind::Name(name) => self.field_operand(rule, name, syntax),
            ExprKind::Number(_) | ExprKind::Text(_) => {
                let kind = match &syntax.kind {
                    ExprKind::Number(_) => Kind::Number,
                    _ => Kind::Quoted,
                };
                // The literal is put in its place once its type is known.
                let expr = Expr::Literal(sqlmodel_sql::Literal::Null);
                Some(Operand {
                    kind,
                    scalar: None,
                    expr,
                    syntax,
                })
            }
            ExprKind::Bool(value) => bool_(Expr::Literal(sqlmodel_sql::Literal::Bool(*value))),
            ExprKind::Not(inner) => {
                let inner = self.operand(rule, inner)?;
                self.expect_kind(rule, &inner, Kind::Bool)?;
                bool_(Expr::Not(Box::new(inner.expr)))
            }
            ExprKind::Negate(inner) => {
                let inner = self.operand(rule, inner)?;
                let inner = self.settle(rule, inner, Kind::Whole, Some(WHOLE))?;
                if !is_number(inner.kind) {
                    return self.mismatch(rule, syntax.range.clone(), "`-` is for numbers");
                }
                let (kind, scalar) = (inner.kind, inner.scalar);
                Some(Operand {
                    kind,
                    scalar,
                    expr: Expr::Negate(Box::new(inner.expr)),
                    syntax,
                })
            }
            ExprKind::Length(inner) => {
                let inner = self.operand(rule, inner)?;
                match inner.kind {
                    Kind::Text | Kind::List | Kind::Other(Builtin::Bytes) => {}
                    _ => {
                        return self.mismatch(
                            rule,
                            inner.syntax.range.clone(),
                            "`length` is for text, bytes and lists",
                        );
                    }
                }
                let expr = Expr::Length(Box::new(inner.expr));
                Some(Operand {
                    kind: Kind::Whole,
                    scalar: Some(WHOLE),
                    expr,
                    syntax,
                })
            }
            ExprKind::IsNull { value, is_negated } => {
                let value = self.operand(rule, value)?;
                bool_(Expr::IsNull {
                    value: Box::new(value.expr),
                    is_negated: *is_negated,
                })
            }
            ExprKind::In {
                value,
                list,
                is_negated,
            } => {
                let value = self.operand(rule, value)?;
                let mut items = Vec::new();
                for item in list {
                    let item = self.operand(rule, item)?;
                    let item = self.settle(rule, item, value.kind, value.scalar)?;
                    if item.kind != value.kind || !can_be_equal(value.kind) {
                        return self.mismatch(
                            rule,
                            item.syntax.range.clone(),
                            "only like is compared with like",
                        );
                    }
                    items.push(item.expr);
                }
                bool_(Expr::In {
                    value: Box::new(value.expr),
                    list: items,
                    is_negated: *is_negated,
                })
            }
            ExprKind::Binary(operator, left, right) => {
                let left = self.operand(rule, left)?;
                let right = self.operand(rule, right)?;
                self.binary(rule, *operator, left, right, syntax)
            }
        }
    }

    fn field_operand<'e>(
        &mut self,
        rule: &Rule<'a>,
        name: &str,
        syntax: &'e syntax::Expr,
    ) -> Option<Operand<'e>> {
        let span = rule.text.part(self.sources, syntax.range.clone());
        let field = self.expect_field(rule.model, &Name::new(name.to_owned(), span))?;
        let ty = self.field_type(field)?.clone();
        let written = self.field_syntax(field);
        let is_custom = written.rust.is_some() || written.json.is_some();
        let kind = match self.builtin_of(ty.scalar) {
            _ if ty.is_array => Kind::List,
            _ if is_custom || self.is_custom(ty.scalar) => Kind::Custom,
            Some(builtin) => kind_of(builtin),
            None => match ty.scalar {
                Scalar::Enum(id) => Kind::Enum(id),
                Scalar::Builtin(_) | Scalar::Named(_) => return None,
            },
        };
        Some(Operand {
            kind,
            scalar: Some(ty.scalar),
            expr: Expr::Field(field),
            syntax,
        })
    }

    fn is_custom(&self, scalar: Scalar) -> bool {
        let rust = |id: TypeId| self.types[id].as_ref().is_some_and(|ty| ty.rust.is_some());
        matches!(scalar, Scalar::Named(id) if rust(id))
    }

    fn binary<'e>(
        &mut self,
        rule: &Rule<'a>,
        operator: BinaryOperator,
        left: Operand<'e>,
        right: Operand<'e>,
        syntax: &'e syntax::Expr,
    ) -> Option<Operand<'e>> {
        use BinaryOperator::{And, Equal, NotEqual, Or};
        let (left, right) = match operator {
            And | Or => (left, right),
            _ => {
                // Two constants are taken as whole numbers or text.
                let (kind, scalar) = match (right.kind, left.kind) {
                    (Kind::Number, Kind::Number) => (Kind::Whole, Some(WHOLE)),
                    (Kind::Quoted, Kind::Quoted) => (Kind::Text, Some(TEXT)),
                    _ => (right.kind, right.scalar),
                };
                let left = self.settle(rule, left, kind, scalar)?;
                let right = self.settle(rule, right, left.kind, left.scalar)?;
                (left, right)
            }
        };
        let is_arithmetic = !is_condition(operator);
        let fits = match operator {
            And | Or => left.kind == Kind::Bool && right.kind == Kind::Bool,
            Equal | NotEqual => left.kind == right.kind && can_be_equal(left.kind),
            _ if is_arithmetic => left.kind == right.kind && is_number(left.kind),
            _ => left.kind == right.kind && has_order(left.kind),
        };
        if !fits {
            let why = match operator {
                And | Or => "`and` and `or` are for conditions",
                _ if is_arithmetic => {
                    "it is for numbers of one kind: whole, decimal or floating-point"
                }
                _ => "only like is compared with like",
            };
            return self.mismatch(rule, syntax.range.clone(), why);
        }
        let (kind, scalar) = match is_arithmetic {
            true => (left.kind, left.scalar),
            false => (Kind::Bool, None),
        };
        let expr = Expr::Binary(operator, Box::new(left.expr), Box::new(right.expr));
        Some(Operand {
            kind,
            scalar,
            expr,
            syntax,
        })
    }

    /// Gives a constant the kind of what it meets; anything else stays as it is.
    fn settle<'e>(
        &mut self,
        rule: &Rule<'a>,
        operand: Operand<'e>,
        kind: Kind,
        scalar: Option<Scalar>,
    ) -> Option<Operand<'e>> {
        let value = match &operand.syntax.kind {
            ExprKind::Number(number) if is_number(kind) => match number.parse::<i64>() {
                Ok(int) => Value::Integer(Some(int)),
                Err(_) if kind == Kind::Decimal => Value::String(number.clone()),
                Err(_) => Value::Float(number.clone()),
            },
            ExprKind::Text(text) if !is_number(kind) && can_be_equal(kind) => {
                Value::String(text.clone())
            }
            _ => return Some(operand),
        };
        let Some(scalar) = scalar else {
            return Some(operand);
        };
        // A bound need not be a value of the field: `length` limits and the width of integers do not count.
        let scalar = match self.builtin_of(scalar) {
            Some(Builtin::Text { .. }) => TEXT,
            Some(Builtin::I16 | Builtin::I32 | Builtin::I64) => WHOLE,
            _ => scalar,
        };
        let node = Node::new(
            value,
            rule.text.part(self.sources, operand.syntax.range.clone()),
        );
        let ty = crate::ir::FieldType {
            scalar,
            is_array: false,
            is_nullable: false,
        };
        let expr = match self.constant(&node, &ty, "the constant")? {
            ValueSource::Literal(literal) => Expr::Literal(literal),
            ValueSource::Variant(id, variant) => Expr::Variant(id, variant),
            ValueSource::Function(_) | ValueSource::Sql(_) => return None,
        };
        Some(Operand {
            kind,
            scalar: Some(scalar),
            expr,
            ..operand
        })
    }

    fn expect_kind(&mut self, rule: &Rule<'a>, operand: &Operand<'_>, kind: Kind) -> Option<()> {
        match operand.kind == kind {
            true => Some(()),
            false => self.mismatch(
                rule,
                operand.syntax.range.clone(),
                "a condition is expected here",
            ),
        }
    }

    fn mismatch<T>(&mut self, rule: &Rule<'a>, range: Range<usize>, why: &str) -> Option<T> {
        let span = rule.text.part(self.sources, range);
        let message = "the operands of the rule do not go together";
        self.push(
            Diagnostic::new(&codes::RULE_OPERANDS, span, message)
                .label(why)
                .help("compare numbers with numbers, times with times, texts with texts: `ends > starts`, `length(name) > 0`"),
        );
        None
    }
}

/// The type of whole numbers in expressions.
const WHOLE: Scalar = Scalar::Builtin(Builtin::I64);

/// The type of texts in expressions.
const TEXT: Scalar = Scalar::Builtin(Builtin::Text { max_len: None });

fn kind_of(builtin: Builtin) -> Kind {
    match builtin {
        Builtin::Bool => Kind::Bool,
        Builtin::I16 | Builtin::I32 | Builtin::I64 => Kind::Whole,
        Builtin::Decimal { .. } => Kind::Decimal,
        Builtin::F32 | Builtin::F64 => Kind::Float,
        Builtin::Text { .. } => Kind::Text,
        other => Kind::Other(other),
    }
}

fn is_number(kind: Kind) -> bool {
    matches!(kind, Kind::Whole | Kind::Decimal | Kind::Float)
}

fn can_be_equal(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::List | Kind::Custom | Kind::Number | Kind::Quoted | Kind::Other(Builtin::Json)
    )
}

fn has_order(kind: Kind) -> bool {
    can_be_equal(kind)
        && !matches!(
            kind,
            Kind::Bool | Kind::Enum(_) | Kind::Other(Builtin::Uuid | Builtin::Bytes)
        )
}

fn is_condition(operator: BinaryOperator) -> bool {
    use BinaryOperator::{Add, Divide, Multiply, Remainder, Subtract};
    !matches!(operator, Add | Subtract | Multiply | Divide | Remainder)
}
