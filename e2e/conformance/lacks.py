"""What the gateway has not yet, in the words of the table; a line goes when its cases pass."""

PRICE_TEXT = "no price is told in words at the station: costs are, as amounts"
