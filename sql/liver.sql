-- The database of the site on MySQL 8 or MariaDB 10.6 and newer.
-- Written by `python manage.py make_sql` from the migrations: change those, not this file.
--
-- 1. Replace `change-this-password` (twice, at the end) by a password of your own.
-- 2. Load the file as the server's administrator, for example: mariadb --user=root --password < sql/liver.sql
--    It stops at once where a database Liver exists already.
-- 3. Start the site with DATABASE_URL=mysql://liver:PASSWORD@127.0.0.1:3306/Liver
--
-- The site's user may read and change rows, nothing else. A later version of the site may bring new migrations; run
-- `python manage.py migrate` then once with an administrator's name and password in DATABASE_URL, or knowingly grant
-- the site's user CREATE, ALTER, DROP, INDEX and REFERENCES on Liver.*, which a visitor who gets hold of the site
-- would have as well.

SET NAMES utf8mb4;
SET SESSION default_storage_engine = InnoDB;

CREATE DATABASE `Liver` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
USE `Liver`;

CREATE TABLE `django_migrations` (
    `id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY,
    `app` varchar(255) NOT NULL,
    `name` varchar(255) NOT NULL,
    `applied` datetime(6) NOT NULL
);

CREATE TABLE `account` (
    `id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY,
    `password` varchar(128) NOT NULL,
    `last_login` datetime(6) NULL,
    `username` varchar(30) NOT NULL UNIQUE,
    `is_active` bool NOT NULL,
    `is_administrator` bool NOT NULL,
    `password_is_default` bool NOT NULL,
    `date_joined` datetime(6) NOT NULL
);

CREATE TABLE `analysis` (
    `id` char(32) NOT NULL PRIMARY KEY,
    `created_at` datetime(6) NOT NULL,
    `patient_reference` varchar(200) NOT NULL,
    `original_name` varchar(255) NOT NULL,
    `findings_json` longtext NOT NULL,
    `tumour_detected` bool NOT NULL,
    `stage` smallint NULL,
    `affected_percent` double precision NULL,
    `model` varchar(100) NOT NULL,
    `model_version` varchar(100) NOT NULL,
    `owner_id` bigint NOT NULL
);

CREATE TABLE `auth_permission` (
    `id` integer AUTO_INCREMENT NOT NULL PRIMARY KEY,
    `name` varchar(255) NOT NULL,
    `content_type_id` integer NOT NULL,
    `codename` varchar(100) NOT NULL
);

CREATE TABLE `auth_group` (
    `id` integer AUTO_INCREMENT NOT NULL PRIMARY KEY,
    `name` varchar(150) NOT NULL UNIQUE
);

CREATE TABLE `auth_group_permissions` (
    `id` bigint AUTO_INCREMENT NOT NULL PRIMARY KEY,
    `group_id` integer NOT NULL,
    `permission_id` integer NOT NULL
);

CREATE TABLE `django_content_type` (
    `id` integer AUTO_INCREMENT NOT NULL PRIMARY KEY,
    `app_label` varchar(100) NOT NULL,
    `model` varchar(100) NOT NULL
);

CREATE TABLE `django_session` (
    `session_key` varchar(40) NOT NULL PRIMARY KEY,
    `session_data` longtext NOT NULL,
    `expire_date` datetime(6) NOT NULL
);

ALTER TABLE `analysis` ADD CONSTRAINT `analysis_owner_id_72a105a2_fk_account_id` FOREIGN KEY (`owner_id`) REFERENCES `account` (`id`);

CREATE INDEX `analysis_of_owner` ON `analysis` (`owner_id`, `created_at`);

CREATE INDEX `analysis_by_time` ON `analysis` (`created_at`);

ALTER TABLE `auth_permission` ADD CONSTRAINT `auth_permission_content_type_id_codename_01ab375a_uniq` UNIQUE (`content_type_id`, `codename`);

ALTER TABLE `auth_permission` ADD CONSTRAINT `auth_permission_content_type_id_2f476e4b_fk_django_co` FOREIGN KEY (`content_type_id`) REFERENCES `django_content_type` (`id`);

ALTER TABLE `auth_group_permissions` ADD CONSTRAINT `auth_group_permissions_group_id_permission_id_0cd325b0_uniq` UNIQUE (`group_id`, `permission_id`);

ALTER TABLE `auth_group_permissions` ADD CONSTRAINT `auth_group_permissions_group_id_b120cbf9_fk_auth_group_id` FOREIGN KEY (`group_id`) REFERENCES `auth_group` (`id`);

ALTER TABLE `auth_group_permissions` ADD CONSTRAINT `auth_group_permissio_permission_id_84c5c92e_fk_auth_perm` FOREIGN KEY (`permission_id`) REFERENCES `auth_permission` (`id`);

ALTER TABLE `django_content_type` ADD CONSTRAINT `django_content_type_app_label_model_76bd3d3b_uniq` UNIQUE (`app_label`, `model`);

CREATE INDEX `django_session_expire_date_a5c62663` ON `django_session` (`expire_date`);

INSERT INTO `django_migrations` (`app`, `name`, `applied`) VALUES
    ('TumorApp', '0001_accounts_and_analyses', UTC_TIMESTAMP(6)),
    ('contenttypes', '0001_initial', UTC_TIMESTAMP(6)),
    ('contenttypes', '0002_remove_content_type_name', UTC_TIMESTAMP(6)),
    ('auth', '0001_initial', UTC_TIMESTAMP(6)),
    ('auth', '0002_alter_permission_name_max_length', UTC_TIMESTAMP(6)),
    ('auth', '0003_alter_user_email_max_length', UTC_TIMESTAMP(6)),
    ('auth', '0004_alter_user_username_opts', UTC_TIMESTAMP(6)),
    ('auth', '0005_alter_user_last_login_null', UTC_TIMESTAMP(6)),
    ('auth', '0006_require_contenttypes_0002', UTC_TIMESTAMP(6)),
    ('auth', '0007_alter_validators_add_error_messages', UTC_TIMESTAMP(6)),
    ('auth', '0008_alter_user_username_max_length', UTC_TIMESTAMP(6)),
    ('auth', '0009_alter_user_last_name_max_length', UTC_TIMESTAMP(6)),
    ('auth', '0010_alter_group_name_max_length', UTC_TIMESTAMP(6)),
    ('auth', '0011_update_proxy_permissions', UTC_TIMESTAMP(6)),
    ('auth', '0012_alter_user_first_name_max_length', UTC_TIMESTAMP(6)),
    ('sessions', '0001_initial', UTC_TIMESTAMP(6));

CREATE USER IF NOT EXISTS 'liver'@'localhost' IDENTIFIED BY 'change-this-password';
GRANT SELECT, INSERT, UPDATE, DELETE ON `Liver`.* TO 'liver'@'localhost';
CREATE USER IF NOT EXISTS 'liver'@'127.0.0.1' IDENTIFIED BY 'change-this-password';
GRANT SELECT, INSERT, UPDATE, DELETE ON `Liver`.* TO 'liver'@'127.0.0.1';
