//! From the tokens of an expression to a condition, or the reason why there is none.

use delta_engine_schema::model::{Expression, ExpressionToken, Identifier};

use super::{Comparison, Condition, Kind, Operand, Value};

/// A column the condition may name.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: Identifier,
    /// What it holds; none where the language has no values of its type.
    pub(crate) kind: Option<Kind>,
}

/// Reads a condition over these columns, which are numbered in this order.
///
/// # Errors
/// Why no evidence can be given for the expression, for people.
pub(crate) fn parse(expression: &Expression, columns: &[Column]) -> Result<Condition, String> {
    let mut reader = Reader { tokens: expression.tokens(), at: 0, columns, depth: 0 };
    let condition = reader.or()?;
    match reader.tokens.get(reader.at) {
        None => Ok(condition),
        Some(token) => Err(format!("{} is beyond what can be proved here", shown(token))),
    }
}

struct Reader<'e> {
    tokens: &'e [ExpressionToken],
    at: usize,
    columns: &'e [Column],
    depth: usize,
}

const MAX_DEPTH: usize = 64;

/// Words that begin what this language does not have; a bare one is no column.
const KEYWORDS: [&str; 16] = [
    "and", "or", "not", "is", "null", "in", "between", "like", "rlike", "case", "when", "then", "else", "end", "cast",
    "interval",
];

impl Reader<'_> {
    fn or(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.and()?];
        while self.word("or") {
            parts.push(self.and()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::Or(parts) })
    }

    fn and(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.not()?];
        while self.word("and") {
            parts.push(self.not()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::And(parts) })
    }

    fn not(&mut self) -> Result<Condition, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("the condition is nested too deeply".to_owned());
        }
        let read = if self.word("not") { self.not().map(negated) } else { self.predicate() };
        self.depth -= 1;
        read
    }

    fn predicate(&mut self) -> Result<Condition, String> {
        if self.symbol("(") {
            let inner = self.or()?;
            if !self.symbol(")") {
                return Err(self.unexpected("`)`"));
            }
            return Ok(inner);
        }
        let left = self.operand()?;
        if self.word("is") {
            let not = self.word("not");
            if !self.word("null") {
                return Err(self.unexpected("NULL after IS"));
            }
            let condition = Condition::IsNull(left);
            return Ok(if not { negated(condition) } else { condition });
        }
        let not = self.word("not");
        if self.word("in") {
            return self.list(left).map(|condition| if not { negated(condition) } else { condition });
        }
        if self.word("between") {
            return self.range(left).map(|condition| if not { negated(condition) } else { condition });
        }
        if not {
            return Err(self.unexpected("IN or BETWEEN after NOT"));
        }
        match self.comparison() {
            Some(comparison) => {
                let right = self.operand()?;
                self.comparable(&left, &right)?;
                Ok(Condition::Compare(left, comparison, right))
            }
            None if self.kind(&left).is_none_or(|kind| kind == Kind::Boolean) => Ok(Condition::IsTrue(left)),
            None => Err(self.unexpected("a comparison")),
        }
    }

    fn list(&mut self, left: Operand) -> Result<Condition, String> {
        if !self.symbol("(") {
            return Err(self.unexpected("`(` after IN"));
        }
        let mut parts = Vec::new();
        loop {
            let item = self.operand()?;
            self.comparable(&left, &item)?;
            parts.push(Condition::Compare(left.clone(), Comparison::Equal, item));
            if !self.symbol(",") {
                break;
            }
        }
        if self.symbol(")") { Ok(Condition::Or(parts)) } else { Err(self.unexpected("`,` or `)`")) }
    }

    fn range(&mut self, left: Operand) -> Result<Condition, String> {
        let low = self.operand()?;
        if !self.word("and") {
            return Err(self.unexpected("AND of BETWEEN"));
        }
        let high = self.operand()?;
        self.comparable(&left, &low)?;
        self.comparable(&left, &high)?;
        let from = Condition::Compare(left.clone(), Comparison::GreaterOrEqual, low);
        Ok(Condition::And(vec![from, Condition::Compare(left, Comparison::LessOrEqual, high)]))
    }

    fn operand(&mut self) -> Result<Operand, String> {
        let minus = self.symbol("-");
        let Some(token) = self.tokens.get(self.at) else { return Err("the condition ends too early".to_owned()) };
        self.at += 1;
        let literal = |value: Option<Value>| {
            value.map(Operand::Literal).ok_or_else(|| format!("{} can't be proved about exactly", shown(token)))
        };
        match token {
            ExpressionToken::Number(number) => {
                literal(Value::number(&if minus { format!("-{number}") } else { number.clone() }))
            }
            _ if minus => Err("arithmetic is beyond what can be proved here".to_owned()),
            ExpressionToken::Text(text) => Ok(Operand::Literal(Value::Text(text.clone()))),
            ExpressionToken::Quoted(name) => self.column(name),
            ExpressionToken::Symbol(_) => Err(format!("{} is beyond what can be proved here", shown(token))),
            ExpressionToken::Word(word) => match word.as_str() {
                "true" => Ok(Operand::Literal(Value::Boolean(true))),
                "false" => Ok(Operand::Literal(Value::Boolean(false))),
                "null" => Ok(Operand::Literal(Value::Null)),
                "date" if matches!(self.tokens.get(self.at), Some(ExpressionToken::Text(_))) => {
                    let Some(ExpressionToken::Text(text)) = self.tokens.get(self.at) else {
                        return Err(self.unexpected("a date"));
                    };
                    self.at += 1;
                    literal(Value::date(text))
                }
                name if KEYWORDS.contains(&name) => Err(format!("`{name}` is beyond what can be proved here")),
                name => self.column(&Identifier::new(name)),
            },
        }
    }

    fn column(&mut self, name: &Identifier) -> Result<Operand, String> {
        let next = self.tokens.get(self.at);
        if matches!(next, Some(ExpressionToken::Symbol(symbol)) if symbol == "(") {
            return Err(format!("the function `{name}` is beyond what can be proved here"));
        }
        if matches!(next, Some(ExpressionToken::Symbol(symbol)) if symbol == "." || symbol == "[") {
            return Err(format!("nested fields, as of `{name}`, are beyond what can be proved here"));
        }
        let index = self.columns.iter().position(|column| column.name == *name);
        let index = index.ok_or_else(|| format!("the table has no column `{name}` yet"))?;
        // IS NULL works on any type; everything else asks for the kind.
        let is_null = matches!(next, Some(ExpressionToken::Word(word)) if word == "is");
        match self.columns[index].kind {
            Some(_) => Ok(Operand::Column(index)),
            None if is_null => Ok(Operand::Column(index)),
            None => Err(format!("nothing is proved about values of the type of `{name}`")),
        }
    }

    fn comparable(&self, left: &Operand, right: &Operand) -> Result<(), String> {
        match (self.kind(left), self.kind(right)) {
            (Some(left), Some(right)) if left != right => {
                Err(format!("{} compared with {} depends on the engine", left.as_str(), right.as_str()))
            }
            (_, _) => Ok(()),
        }
    }

    fn kind(&self, operand: &Operand) -> Option<Kind> {
        match operand {
            Operand::Column(index) => self.columns.get(*index).and_then(|column| column.kind),
            Operand::Literal(value) => value.kind(),
        }
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let Some(ExpressionToken::Symbol(symbol)) = self.tokens.get(self.at) else { return None };
        let comparison = match symbol.as_str() {
            "=" | "==" => Comparison::Equal,
            "<>" | "!=" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ => return None,
        };
        self.at += 1;
        Some(comparison)
    }

    fn word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(ExpressionToken::Word(word)) if word == wanted);
        self.at += usize::from(found);
        found
    }

    fn symbol(&mut self, wanted: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(ExpressionToken::Symbol(symbol)) if symbol == wanted);
        self.at += usize::from(found);
        found
    }

    fn unexpected(&self, wanted: &str) -> String {
        match self.tokens.get(self.at) {
            Some(token) => format!("{} stands where {wanted} can be proved about", shown(token)),
            None => format!("the condition ends before {wanted}"),
        }
    }
}

fn negated(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

fn shown(token: &ExpressionToken) -> String {
    match token {
        ExpressionToken::Word(text) | ExpressionToken::Number(text) | ExpressionToken::Symbol(text) => {
            format!("`{text}`")
        }
        ExpressionToken::Quoted(name) => format!("`{name}`"),
        ExpressionToken::Text(text) => format!("'{text}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Condition, String> {
        let column = |name: &str, kind| Column { name: name.into(), kind };
        let columns = [
            column("a", Some(Kind::Number)),
            column("b", Some(Kind::Number)),
            column("s", Some(Kind::Text)),
            column("d", Some(Kind::Date)),
            column("ok", Some(Kind::Boolean)),
            column("f", None),
        ];
        parse(&Expression::parse(text).unwrap(), &columns)
    }

    fn check(text: &str, row: &[Value], expected: Option<bool>) {
        let condition = read(text).unwrap_or_else(|why| panic!("{text}: {why}"));
        assert_eq!(condition.evaluate(row), expected, "{text}");
    }

    fn check_refused(text: &str, why: &str) {
        assert_eq!(read(text), Err(why.to_owned()), "{text}");
    }

    #[test]
    fn three_valued_logic_is_sqls() {
        let row = [
            Value::integer(1),
            Value::Null,
            Value::Text("x".into()),
            Value::Date(0),
            Value::Boolean(true),
            Value::Null,
        ];
        check("a > 0", &row, Some(true));
        check("b > 0", &row, None);
        check("a > 0 OR b > 0", &row, Some(true));
        check("a > 0 AND b > 0", &row, None);
        check("a < 0 AND b > 0", &row, Some(false));
        check("NOT b > 0", &row, None);
        check("b IS NULL", &row, Some(true));
        check("f IS NOT NULL", &row, Some(false));
        check("a IN (2, b)", &row, None);
        check("a NOT IN (2, 3)", &row, Some(true));
        check("a BETWEEN -1 AND 1.5", &row, Some(true));
        check("a NOT BETWEEN 0 AND b", &row, None);
        check("s = 'x' AND d >= DATE '1969-12-31' AND ok", &row, Some(true));
        check("NOT (ok = false) AND `a` <> b OR a == 1", &row, Some(true));
        check("a = NULL", &row, None);
    }

    #[test]
    fn precedence_is_not_and_or() {
        let row = [Value::integer(1), Value::integer(2), Value::Null, Value::Null, Value::Null, Value::Null];
        check("a = 1 OR a = 2 AND b = 3", &row, Some(true));
        check("(a = 1 OR a = 2) AND b = 3", &row, Some(false));
        check("NOT a = 2 AND b = 2", &row, Some(true));
    }

    #[test]
    fn everything_else_is_refused_with_the_reason() {
        check_refused("length(s) > 1", "the function `length` is beyond what can be proved here");
        check_refused("a + 1 > 0", "`+` stands where a comparison can be proved about");
        check_refused("f > 1", "nothing is proved about values of the type of `f`");
        check_refused("s LIKE 'x%'", "`like` stands where a comparison can be proved about");
        check_refused("a = '1'", "a number compared with a string depends on the engine");
        check_refused("x = 1", "the table has no column `x` yet");
        check_refused("a.b = 1", "nested fields, as of `a`, are beyond what can be proved here");
        check_refused("a > 1e5", "`1e5` can't be proved about exactly");
        check_refused("CASE WHEN a > 0 THEN true END", "`case` is beyond what can be proved here");
        check_refused("a > -b", "arithmetic is beyond what can be proved here");
    }
}
