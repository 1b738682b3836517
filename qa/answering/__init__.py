"""From found passages to an answer: chosen quotes, who says them, our wording around them, or silence."""
