-- additive
-- Nodes whose user does not own the tables make and drop parts of am_token by these, in the name of
-- who does (apis/token_parts.h). Of PostgreSQL only: no other engine has parts.
CREATE FUNCTION am_token_part_name(part BIGINT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN part > 0 THEN 'am_token_hour_' || part ELSE 'am_token_day_' || -part END $$;
CREATE FUNCTION am_make_token_part(part BIGINT) RETURNS VOID
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS
$$ BEGIN EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF am_token FOR VALUES IN (%s)',
am_token_part_name(part), part); END $$;
CREATE FUNCTION am_drop_token_part(part BIGINT) RETURNS VOID
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS
$$ BEGIN EXECUTE format('DROP TABLE IF EXISTS %I', am_token_part_name(part)); END $$;
