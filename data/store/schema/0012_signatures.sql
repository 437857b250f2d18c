-- A list costs more than it holds: with each row the log gets the lists of up to two thousand rows before it.
ALTER TABLE arrival ALTER signatures TYPE VARCHAR USING array_to_string(signatures, ' ');
