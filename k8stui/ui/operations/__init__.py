"""Operations for the user: what is read for them, which dialog they have, what is said of them afterwards."""
