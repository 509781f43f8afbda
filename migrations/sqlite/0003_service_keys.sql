-- The service's own ed25519 keys: one line of them for each contract that signs with its service's key.
--
-- `sealed` holds the seed, opened only in its own row. One key of a contract is not retired and signs; `signs_until`
-- says how long a retired one signs beside it, where the contract signs with all. Rows are never removed: their public
-- halves verify what was signed before.
CREATE TABLE service_keys (
    id          INTEGER PRIMARY KEY NOT NULL,
    contract    TEXT    NOT NULL,
    public_key  BLOB    NOT NULL CHECK (length(public_key) = 32),
    sealed      BLOB    NOT NULL,
    created_at  INTEGER NOT NULL,
    retired_at  INTEGER,
    signs_until INTEGER,
    CHECK ((retired_at IS NULL) = (signs_until IS NULL))
);
CREATE INDEX service_keys_contract ON service_keys (contract, id);
CREATE UNIQUE INDEX service_keys_current ON service_keys (contract) WHERE retired_at IS NULL;
