-- migrate:up

-- Values that rows elsewhere refer to by their key. So an entry is never deleted, and its key never changes: one that
-- isn't to be chosen any more is retired.
create table lookup (
    list text not null,
    key text not null,
    name text not null,
    position integer not null,
    retired_at bigint,
    primary key (list, key),
    constraint lookup_list check (list in ('game', 'platform', 'region', 'language', 'report_reason', 'badge'))
);
-- Keys of one list that differ in case alone would be taken for one another.
create unique index lookup_folded on lookup (list, lower(key));

insert into lookup (list, key, name, position) values
('game', 'chess', 'Chess', 1),
('game', 'draughts', 'Draughts', 2),
('game', 'go', 'Go', 3),
('game', 'backgammon', 'Backgammon', 4),
('game', 'table-tennis', 'Table tennis', 5),

('platform', 'pc', 'PC', 1),
('platform', 'playstation', 'PlayStation', 2),
('platform', 'xbox', 'Xbox', 3),
('platform', 'switch', 'Nintendo Switch', 4),
('platform', 'android', 'Android', 5),
('platform', 'ios', 'iOS', 6),
('platform', 'web', 'Web', 7),
('platform', 'cross-platform', 'Cross-platform', 8),
('platform', 'in-person', 'In person', 9),

('region', 'global', 'Global', 1),
('region', 'africa', 'Africa', 2),
('region', 'asia', 'Asia', 3),
('region', 'europe', 'Europe', 4),
('region', 'middle-east', 'Middle East', 5),
('region', 'north-america', 'North America', 6),
('region', 'oceania', 'Oceania', 7),
('region', 'south-america', 'South America', 8),

-- Language tags of BCP 47.
('language', 'en', 'English', 1),
('language', 'ar', 'Arabic', 2),
('language', 'bn', 'Bengali', 3),
('language', 'zh-Hans', 'Chinese (simplified)', 4),
('language', 'zh-Hant', 'Chinese (traditional)', 5),
('language', 'cs', 'Czech', 6),
('language', 'da', 'Danish', 7),
('language', 'nl', 'Dutch', 8),
('language', 'fi', 'Finnish', 9),
('language', 'fr', 'French', 10),
('language', 'de', 'German', 11),
('language', 'el', 'Greek', 12),
('language', 'he', 'Hebrew', 13),
('language', 'hi', 'Hindi', 14),
('language', 'hu', 'Hungarian', 15),
('language', 'id', 'Indonesian', 16),
('language', 'it', 'Italian', 17),
('language', 'ja', 'Japanese', 18),
('language', 'ko', 'Korean', 19),
('language', 'nb', 'Norwegian', 20),
('language', 'fa', 'Persian', 21),
('language', 'pl', 'Polish', 22),
('language', 'pt-BR', 'Portuguese (Brazil)', 23),
('language', 'pt-PT', 'Portuguese (Portugal)', 24),
('language', 'ro', 'Romanian', 25),
('language', 'ru', 'Russian', 26),
('language', 'es', 'Spanish', 27),
('language', 'es-419', 'Spanish (Latin America)', 28),
('language', 'sv', 'Swedish', 29),
('language', 'th', 'Thai', 30),
('language', 'tr', 'Turkish', 31),
('language', 'uk', 'Ukrainian', 32),
('language', 'vi', 'Vietnamese', 33),

('report_reason', 'spam', 'Spam', 1),
('report_reason', 'harassment', 'Harassment', 2),
('report_reason', 'hate', 'Hate', 3),
('report_reason', 'sexual', 'Sexual content', 4),
('report_reason', 'violence', 'Violence', 5),
('report_reason', 'other', 'Something else', 6),

('badge', 'winner', 'Winner of a tournament', 1),
('badge', 'runner-up', 'Second in a tournament', 2),
('badge', 'organiser', 'Organiser of tournaments', 3),
('badge', 'staff', 'Staff', 4);

-- migrate:down

drop table lookup;
